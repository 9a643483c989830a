"""How the sign-in library is asked to behave: who is let in, what letters say, how many tries there are."""
