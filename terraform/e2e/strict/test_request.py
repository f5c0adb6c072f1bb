"""Tests of Request."""

import email.message
import unittest

from .request import Request


class Requests(unittest.TestCase):
    def test_a_repeated_header_is_joined_with_commas(self):
        headers = email.message.Message()
        headers["If-Match"] = '"a"'
        headers["Host"] = "localhost"
        headers["if-match"] = '"b", "c"'
        self.assertEqual({"if-match": '"a","b", "c"', "host": "localhost"}, Request("PUT", "/items", headers).headers)
