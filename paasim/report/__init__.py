"""What people read: the answer in plain words, tables, figures."""
