"""What is sent and answered, typed: the source of the OpenAPI document."""
