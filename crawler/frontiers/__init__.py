"""What a crawl still has to fetch, in one process or shared by many, and where it would walk in circles."""
