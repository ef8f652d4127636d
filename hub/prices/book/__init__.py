"""The price book: tariffs and their versions, from a draft to the instant at which it takes force."""
