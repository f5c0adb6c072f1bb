# The table of items: on-demand, with the key id.
resource "aws_dynamodb_table" "items" {
  name         = var.name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"

  deletion_protection_enabled = var.deletion_protection

  attribute {
    name = "id"
    type = "S"
  }

  point_in_time_recovery {
    enabled = var.point_in_time_recovery
  }

  # -1 removes a limit, which a missing argument would keep.
  on_demand_throughput {
    max_read_request_units  = coalesce(var.throughput.read, -1)
    max_write_request_units = coalesce(var.throughput.write, -1)
  }

  # DynamoDB encrypts every table. This only selects a customer managed key, which costs a KMS call from time to time.
  dynamic "server_side_encryption" {
    for_each = var.kms_key_arn[*]

    content {
      enabled     = true
      kms_key_arn = server_side_encryption.value
    }
  }
}
