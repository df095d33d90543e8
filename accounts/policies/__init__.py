"""What we publish about ourselves: policies, their versions, figures."""
