"""What the words of a shop mean: states of orders, kinds of documents."""
