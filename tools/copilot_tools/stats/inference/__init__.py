"""Two arms' moments in, an estimate with its interval out. One file a method; ``compare`` chooses."""
