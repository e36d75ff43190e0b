/**
 * What a statement may call: functions whose value follows from their arguments alone. Left out are clocks, random
 * numbers, files, settings, sequences, and whatever has no type of ours.
 */
const names = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/).filter((name) => name !== ''));

export const SCALARS = names(`
  + - * / // % ^ ** || & | ~ << >> ~~ !~~ ~~* !~~* ~~~ like_escape not_like_escape ilike_escape not_ilike_escape
  abs acos acosh add asin asinh atan atan2 atanh cbrt ceil ceiling cos cosh cot degrees divide even exp factorial floor
  gamma gcd greatest greatest_common_divisor isfinite isinf isnan lcm least least_common_multiple lgamma ln log log10
  log2 mod multiply nextafter pi pow power radians round sign signbit sin sinh sqrt subtract tan tanh trunc xor bit_count
  ascii bar bit_length char_length character_length chr concat concat_ws contains damerau_levenshtein editdist3 ends_with
  hamming instr jaccard jaro_similarity jaro_winkler_similarity lcase left length len levenshtein lower lpad ltrim
  md5 mismatches nfc_normalize octet_length ord position prefix regexp_escape regexp_extract regexp_full_match
  regexp_matches regexp_replace repeat replace reverse right rpad rtrim sha256 split_part starts_with strip_accents
  strlen strpos substr substring suffix translate trim ucase unicode upper
  century date_diff date_part date_sub date_trunc datediff datepart datesub datetrunc day dayname dayofmonth dayofweek
  dayofyear decade epoch epoch_ms epoch_us era hour isodow isoyear julian last_day make_date make_timestamp
  make_timestamp_ms microsecond millennium millisecond minute month monthname quarter second strftime strptime
  time_bucket try_strptime week weekday weekofyear year yearweek
  to_centuries to_days to_decades to_hours to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters
  to_seconds to_weeks to_years
  if ifnull nullif coalesce
`);

export const AGGREGATES = names(`
  approx_count_distinct avg bit_and bit_or bit_xor bool_and bool_or corr count count_if count_star countif covar_pop
  covar_samp entropy favg fsum kahan_sum kurtosis kurtosis_pop mad max mean median min product quantile quantile_cont
  quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy sem skewness
  stddev stddev_pop stddev_samp sum sumkahan var_pop var_samp variance cume_dist dense_rank percent_rank rank rank_dense
`);

/** Their value depends on the order of rows: they are called with ORDER BY. */
export const ORDERED = names(`
  any_value arbitrary arg_max arg_min argmax argmin first first_value group_concat lag last last_value lead listagg max_by
  min_by mode nth_value ntile row_number string_agg
`);

/** Written like columns, and none: the parser makes them columns, the binder functions. */
export const CLOCKS_AND_SETTINGS = names(`
  current_catalog current_date current_database current_localtime current_localtimestamp current_role current_schema
  current_time current_timestamp current_user localtime localtimestamp session_user today user
`);
