# A short-lived preview. Add -var prefix=http-crud-tutorial-pr-NUMBER, which replaces the prefix below.
prefix                 = "http-crud-tutorial-pr-0"
tags                   = { Environment = "preview" }
point_in_time_recovery = false
access_log             = false
log_retention_days     = 7
alarms                 = false
dashboard              = false
