"""Questions to entries: rules, names, a matcher over words and sentence vectors, and three outcomes."""
