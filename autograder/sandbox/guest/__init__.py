"""What runs inside the sandbox: fork server, supervisor, submission process, executor. It holds no secret."""
