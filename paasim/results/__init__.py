"""The result document, the table of requests, and the folder that holds them."""
