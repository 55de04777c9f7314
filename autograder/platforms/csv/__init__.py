"""Plain tables: CSV, JSON lines and Parquet."""
