"""How requests of a crawl are made: judged by the policy, as robots.txt allows, at the pace each host wants."""
