"""Prints the account's resources of the kinds in LISTS, one "service kind name" a line, sorted."""

import boto3

# Service, the call that lists the resources, its arguments, the key of the list in the response, the key of the name.
LISTS = [
    ("apigatewayv2", "get_apis", {}, "Items", "Name"),
    ("apigatewayv2", "get_domain_names", {}, "Items", "DomainName"),
    ("cloudwatch", "describe_alarms", {}, "MetricAlarms", "AlarmName"),
    ("cloudwatch", "list_dashboards", {}, "DashboardEntries", "DashboardName"),
    ("dynamodb", "list_backups", {}, "BackupSummaries", "BackupArn"),
    ("dynamodb", "list_tables", {}, "TableNames", None),
    ("iam", "list_open_id_connect_providers", {}, "OpenIDConnectProviderList", "Arn"),
    ("iam", "list_policies", {"Scope": "Local"}, "Policies", "PolicyName"),
    ("iam", "list_roles", {}, "Roles", "RoleName"),
    ("kms", "list_keys", {}, "Keys", "KeyId"),
    ("lambda", "list_functions", {}, "Functions", "FunctionName"),
    ("logs", "describe_log_groups", {}, "logGroups", "logGroupName"),
    ("logs", "describe_metric_filters", {}, "metricFilters", "filterName"),
    ("logs", "describe_resource_policies", {}, "resourcePolicies", "policyName"),
    ("route53", "list_hosted_zones", {}, "HostedZones", "Name"),
    ("s3", "list_buckets", {}, "Buckets", "Name"),
]

lines = []
for service, call, arguments, key, name in LISTS:
    response = getattr(boto3.client(service), call)(**arguments)
    lines += [f"{service} {key} {entry[name] if name else entry}" for entry in response[key]]
print("\n".join(sorted(lines)))
