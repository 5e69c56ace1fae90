"""The exports that a shop added month by month: copies as they came, and when each of them came."""
