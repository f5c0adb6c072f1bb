# Staging: like production, with other names and without deletion protection.
prefix        = "http-crud-tutorial-staging"
tags          = { Environment = "staging" }
candidate_api = true
