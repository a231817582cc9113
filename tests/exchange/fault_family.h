/* SPDX-License-Identifier: MIT */
/* What the families of misbehaviour do to an answer on its way: the first to its rows, and so on to
 * its bytes. Each does nothing where no rule of its kinds has hit. */
#ifndef EXCHANGE_FAULT_FAMILY_H
#define EXCHANGE_FAULT_FAMILY_H

#include "api.h"
#include "series.h"

/* The moment whose answer is given at now_ms. */
int64_t fault_content_ms(const struct fault_set *set, int64_t now_ms);
/* Spoils the rows of a page, of which there is room for two more. to_ms: INT64_MAX where none was
 * asked for. */
void fault_spoil_rows(const struct fault_set *set, struct row *rows, size_t *n, int64_t to_ms);
/* What the rows say their market is. */
const char *fault_market_name(const struct fault_set *set, const char *name);
/* Whether bad_field= names a field: "volume:null". */
bool fault_field_known(const char *words);
/* Spoils the JSON of a page. */
void fault_spoil_json(const struct fault_set *set, struct text *body);
/* Spoils the bytes of any answer. */
void fault_spoil_text(const struct fault_set *set, struct text *body);
/* The markets that a list of that moment shows; `shown` has room for all. Returns how many. */
size_t fault_pick_markets(const struct fault_set *set, const struct market_list *markets,
			  int64_t now_ms, const struct market **shown);
/* Another status, body and kind of content in the place of the right ones. */
void fault_replace_answer(const struct fault_set *set, struct answer *a);
/* Headers: Date, Remaining-Req, Retry-After; they are filled, or "" already. */
void fault_spoil_headers(const struct fault_set *set, const struct limit_verdict *verdict,
			 struct answer *a);

#endif
