"""Canvas: its downloads of submissions, and its gradebook's CSV."""
