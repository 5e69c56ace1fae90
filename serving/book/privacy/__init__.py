"""What keeps a customer private: files closed to others, ids that say nothing, a secret outside the book, erasure."""
