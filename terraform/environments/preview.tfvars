# A preview, one of many and short-lived: add -var prefix=http-crud-tutorial-pr-NUMBER, for which this one stands in.
prefix                 = "http-crud-tutorial-pr-0"
tags                   = { Environment = "preview" }
point_in_time_recovery = false
access_log             = false
log_retention_days     = 7
alarms                 = false
dashboard              = false
