"""What a reviewer is shown of a job: pages made from its log alone, the same on any day."""
