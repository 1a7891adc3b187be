"""The web console: pages made on the server, for analysts, operators and risk teams."""
