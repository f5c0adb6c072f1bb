# The table is on-demand, with the key id, and has recovery, encryption and protection as configured.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name                   = "shop-items"
  deletion_protection    = true
  point_in_time_recovery = true
}

run "stores_items" {
  module {
    source = "./modules/table"
  }

  assert {
    condition     = aws_dynamodb_table.items.name == "shop-items" && aws_dynamodb_table.items.billing_mode == "PAY_PER_REQUEST"
    error_message = "The table must be on-demand and have its name."
  }

  assert {
    condition     = aws_dynamodb_table.items.hash_key == "id" && aws_dynamodb_table.items.range_key == null && [for a in aws_dynamodb_table.items.attribute : "${a.name}:${a.type}"] == ["id:S"]
    error_message = "The key must be only the string id."
  }

  assert {
    condition     = aws_dynamodb_table.items.deletion_protection_enabled && aws_dynamodb_table.items.point_in_time_recovery[0].enabled
    error_message = "Protection and recovery must be on if configured."
  }

  assert {
    condition     = length(aws_dynamodb_table.items.server_side_encryption) == 0
    error_message = "Without kms_key_arn, the table must use the key that AWS owns."
  }

  assert {
    condition     = output.name == "shop-items" && output.arn == aws_dynamodb_table.items.arn
    error_message = "The outputs must be the name and the ARN."
  }
}

run "throughput_has_limits_only_if_configured" {
  command = plan

  module {
    source = "./modules/table"
  }

  variables {
    throughput = { write = 500 }
  }

  assert {
    condition     = aws_dynamodb_table.items.on_demand_throughput[0].max_write_request_units == 500 && aws_dynamodb_table.items.on_demand_throughput[0].max_read_request_units == -1
    error_message = "The writes must have their limit, and the reads none: -1 also removes an earlier limit."
  }
}

run "protection_and_recovery_can_be_switched_off" {
  command = plan

  module {
    source = "./modules/table"
  }

  variables {
    deletion_protection    = false
    point_in_time_recovery = false
  }

  assert {
    condition     = !aws_dynamodb_table.items.deletion_protection_enabled && !aws_dynamodb_table.items.point_in_time_recovery[0].enabled
    error_message = "Protection and recovery must be off if not configured."
  }
}

run "accepts_a_customer_managed_key" {
  command = plan

  module {
    source = "./modules/table"
  }

  variables {
    kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/abc"
  }

  assert {
    condition     = aws_dynamodb_table.items.server_side_encryption[0].enabled && aws_dynamodb_table.items.server_side_encryption[0].kms_key_arn == "arn:aws:kms:eu-central-1:123456789012:key/abc"
    error_message = "The key must encrypt the table."
  }
}

run "rejects_values_that_dynamodb_rejects" {
  command = plan

  module {
    source = "./modules/table"
  }

  variables {
    name        = "x!"
    kms_key_arn = "alias/mine"
    throughput  = { read = 0 }
  }

  expect_failures = [var.name, var.kms_key_arn, var.throughput]
}
