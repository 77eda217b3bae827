"""Ideas from vague to ready, sharpened: what was said is kept, what was not is asked, and nothing is made up."""
