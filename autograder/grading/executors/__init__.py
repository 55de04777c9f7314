"""Where slots run: in processes of this machine, or on a cluster."""
