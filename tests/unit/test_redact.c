/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/settings.h"

static void test_redact(void **state)
{
	static const char *const cases[][2] = {
		{"", ""},
		{"candles.v1", "candles.v1"},
		{"host=db user=me password=s3cret dbname=x",
		 "host=db user=me password=*** dbname=x"},
		{"password=s3cret", "password=***"},
		{"PassWord = s3cret host=x", "PassWord = *** host=x"},
		{"password='a b' host=x", "password=*** host=x"},
		{"password='it\\'s a b' host=x", "password=*** host=x"},
		{"password='it\\\\' host=x", "password=*** host=x"},
		{"password=a\\ b host=x", "password=*** host=x"},
		{"password='never closed host=x", "password=***"},
		{"password=two words host=x",
		 "password=*** *** host=x"}, /* broken: the rest of a password */
		{"sslpassword=a password=b", "sslpassword=*** password=***"},
		{"host='a b' password=''", "host='a b' password=***"},
		{"passwordx=a xpassword=b passfile=c", "passwordx=a xpassword=b passfile=c"},
		{"dbname=postgresql://me:pw@h/x password=z",
		 "dbname=postgresql://me:***@h/x password=***"},
		{"postgresql://me:s3cret@db:5432/x", "postgresql://me:***@db:5432/x"},
		{"postgres://me:s3cret@a:1,b:2/x?sslmode=require",
		 "postgres://me:***@a:1,b:2/x?sslmode=require"},
		{"postgresql://me@db/x", "postgresql://me@db/x"},
		{"postgresql://db:5432/x", "postgresql://db:5432/x"},
		{"postgresql://:s3cret@db", "postgresql://:***@db"},
		{"postgresql://me:s3@cr/e?t#x@db/x",
		 "postgresql://me:***@db/x"}, /* special characters not encoded */
		{"postgresql://me:s3?c=ret@db/x",
		 "postgresql://me:***@db/x"}, /* which libpq takes as it is */
		{"postgresql://me:s3?c=r@t@db/x", "postgresql://me:***@db/x"},
		{"postgresql://db/x?user=me&password=s3cret&sslmode=require",
		 "postgresql://db/x?user=me&password=***&sslmode=require"},
		{"postgresql://db/x?pass%77ord=s3cret", "postgresql://db/x?pass%77ord=***"},
		{"postgresql://db/x?options=a@b&sslpassword=p",
		 "postgresql://db/x?options=a@b&sslpassword=***"},
		{"postgresql://db/x?password=a&other=b://c:d@e",
		 "postgresql://db/x?password=***&other=b://c:***@e"},
		{"http://user:pw@proxy:3128", "http://user:***@proxy:3128"},
		{"SSL://a:1,SSL://b:2", "SSL://a:1,SSL://b:2"},
		{"sasl.password=a b=c", "sasl.password=***"},
		{"sasl.username=me", "sasl.username=***"},
		{"SASL.PASSWORD=x", "SASL.PASSWORD=***"},
		{"ssl.key.pem=-----BEGIN x y\nz", "ssl.key.pem=***"},
		{"ssl.key.password=x", "ssl.key.password=***"},
		{"ssl.keystore.password=x y", "ssl.keystore.password=***"},
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
