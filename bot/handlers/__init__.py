"""One kind of talk each: a function that takes the turn and says something."""
