# Production: the tutorial's names, the table protected, every release seen through the candidate first.
prefix              = "http-crud-tutorial"
tags                = { Environment = "production" }
deletion_protection = true
candidate_api       = true
log_retention_days  = 90
