"""What people of the organization look after: questions that were not answered well."""
