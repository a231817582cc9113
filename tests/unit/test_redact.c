/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/settings/settings_redact.h"

static void test_redact(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"candles.v1", "candles.v1"},
		/* what libpq takes is shown as it takes it */
		{"host=db user=me password=s3cret dbname=x",
		 "user=me password=*** dbname=x host=db"},
		{"password=s3cret", "password=***"},
		{"password='a b' host=x", "password=*** host=x"},
		{"password='it\\'s a b' host=x", "password=*** host=x"},
		{"password='it\\\\' host=x", "password=*** host=x"},
		{"password=a\\ b host=x", "password=*** host=x"},
		{"sslpassword=a password=b", "password=*** sslpassword=***"},
		{"host='a b' password='' dbname=''", "password=*** dbname='' host='a b'"},
		{"dbname=postgresql://me:s3cret@h/x password=z", "password=*** dbname=***"},
		{"postgresql://me:s3cret@db:5432/x",
		 "user=me password=*** dbname=x host=db port=5432"},
		{"postgres://me:s3cret@a:1,b:2/x?sslmode=require",
		 "user=me password=*** dbname=x host=a,b port=1,2 sslmode=require"},
		{"postgresql://me@db/x", "user=me dbname=x host=db"},
		{"postgresql://:s3cret@db", "password=*** host=db"},
		{"postgresql://me:s3?cret@db/x", "user=me password=*** dbname=x host=db"},
		{"postgresql://db/x?user=me&password=s3cret&sslmode=require",
		 "user=me password=*** dbname=x host=db sslmode=require"},
		{"postgresql://db/x?pass%77ord=s3cret", "password=*** dbname=x host=db"},
		/* special characters that are not encoded */
		{"postgresql://me:s3@cret@db/x", "postgresql://***@db/x"},
		{"postgresql://me:s3@cr/e?t#x@db/x", "postgresql://***@db/x"},
		{"postgresql://me:s3/cret@db/x", "postgresql://***@db/x"},
		{"postgresql://me:s3?c=r@t@db/x", "postgresql://***@db/x"},
		{"postgresql://me:s3cret", "***"},
		/* broken, or not a conninfo */
		{"PassWord = s3cret host=x", "***"},
		{"password='never closed host=x", "password=***"},
		{"password=two words host=x", "password=***"},
		{"host=x password=two words", "***"},
		{"host=x dbname=y hosst=z", "host=x dbname=y hosst=z"},
		{"password=s3cret hosst=z", "password=***"},
		{"postgresql://db/x?passe%77ord=s3cret", "***"},
		{"postgresql://db/x?options=a@b&sslpassword=p", "***"},
		{"postgresql://me:s3cret@db/x?elephant=1", "postgresql://***@db/x?elephant=1"},
		{"postgresql://db/x?password=a&other=b://c:d@e", "***"},
		{"http://user:pw@proxy:3128", "http://***@proxy:3128"},
		{"SSL://a:1,SSL://b:2", "SSL://a:1,SSL://b:2"},
		{"sasl.password=a b=c", "sasl.password=***"},
		{"sasl.username=me", "sasl.username=***"},
		{"SASL.PASSWORD=x", "SASL.PASSWORD=***"},
		{"sasl.oauthbearer.client.secret=x", "sasl.oauthbearer.client.secret=***"},
		{"ssl.key.pem=-----BEGIN x y\nz", "ssl.key.pem=***"},
		{"ssl.key.password=x", "ssl.key.password=***"},
		{"ssl.keystore.password=x y", "ssl.keystore.password=***"},
		{"oauth_client_secret=x host=y", "oauth_client_secret=***"},
		{"ssl.ca.location=/x", "ssl.ca.location=/x"},
		{"acks=all", "acks=all"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		char *shown = settings_redact(cases[i][0]);

		assert_string_equal(shown, cases[i][1]);
		free(shown);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_redact),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
