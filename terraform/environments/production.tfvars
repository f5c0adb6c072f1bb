# Production: the tutorial's names, a protected table, and a candidate API to test each release first.
prefix              = "http-crud-tutorial"
tags                = { Environment = "production" }
deletion_protection = true
candidate_api       = true
log_retention_days  = 90
