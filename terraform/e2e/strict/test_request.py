"""Tests of Request."""

import email.message
import unittest

from .request import Request

CHANGE = b"""<ChangeResourceRecordSetsRequest xmlns="https://route53.amazonaws.com/doc/2013-04-01/"><ChangeBatch><Changes><Change>
<Action>CREATE</Action><ResourceRecordSet><Name>API.shop.example.</Name><Type>A</Type></ResourceRecordSet>
</Change></Changes></ChangeBatch></ChangeResourceRecordSetsRequest>"""


class Requests(unittest.TestCase):
    def test_a_change_of_records_has_their_normalized_names(self):
        request = Request("POST", "/2013-04-01/hostedzone/Z1/rrset/", {}, CHANGE)
        self.assertEqual(["api.shop.example"], request.record_names())

    def test_a_repeated_header_is_joined_with_commas(self):
        headers = email.message.Message()
        headers["If-Match"] = '"a"'
        headers["Host"] = "localhost"
        headers["if-match"] = '"b", "c"'
        self.assertEqual({"if-match": '"a","b", "c"', "host": "localhost"}, Request("PUT", "/items", headers).headers)
