# Staging: production's shape under its own names, free to be taken away.
prefix        = "http-crud-tutorial-staging"
tags          = { Environment = "staging" }
candidate_api = true
