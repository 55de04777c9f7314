"""What crosses the boundary, and nothing else: values, messages, framing, conversation, limits."""
