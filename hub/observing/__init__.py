"""What operators can see of a running hub: how each partner stands, figures for Prometheus, the log."""
