"""How a sender fills a path: connections, windows, loss and end hosts; one file per kind."""
