"""What is put into a worker to watch it from inside."""
