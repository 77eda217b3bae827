"""Summary counts: typed by hand or in a small file, with strata."""
