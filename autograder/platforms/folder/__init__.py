"""Plain folders: one sub-folder or file for each student."""
