#include "gossip/topology/base_k_schedule.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "runtime/check.h"

namespace gossip {
namespace {

// Places begin, begin + step, begin + 2 step, ...
struct Row {
  std::size_t begin = 0;
  std::size_t step = 1;
  std::size_t size = 0;

  [[nodiscard]] std::size_t operator[](std::size_t i) const { return begin + i * step; }
  [[nodiscard]] Row part(std::size_t first, std::size_t count) const {
    return {(*this)[first], step, count};
  }
};

// A nonzero digit of a number in base k + 1: `digit` times `power`.
struct Term {
  std::size_t digit = 0;
  std::size_t power = 1;
  [[nodiscard]] std::size_t value() const { return digit * power; }
};

// Rounds as they are filled in. A round not there yet is added, with everybody idle.
class Rounds {
 public:
  Rounds(std::size_t count, std::size_t k) : count_(count), k_(k) {}

  [[nodiscard]] std::size_t k() const { return k_; }
  [[nodiscard]] std::vector<ExchangeRound> take() { return std::move(rounds_); }

  void join(std::size_t round, std::size_t a, std::size_t b, double share) {
    if (rounds_.size() <= round) rounds_.resize(round + 1, ExchangeRound(count_));
    rounds_[round][a].push_back({b, share});
    rounds_[round][b].push_back({a, share});
  }

 private:
  std::size_t count_;
  std::size_t k_;
  std::vector<ExchangeRound> rounds_;
};

// The factors of `number`, each the largest up to `max`, ascending. What is left over after them is
// 1 where all prime factors of the number are at most `max`.
struct Factors {
  std::vector<std::size_t> factors;
  std::size_t left_over = 1;
};
Factors factors_of(std::size_t number, std::size_t max) {
  Factors found{.factors = {}, .left_over = number};
  for (std::size_t factor = std::min(max, number); factor > 1;) {
    if (found.left_over % factor != 0) {
      --factor;
      continue;
    }
    found.factors.push_back(factor);
    found.left_over /= factor;
  }
  std::ranges::reverse(found.factors);
  return found;
}

// The hyper-hypercube: round l averages groups of factor f_l, its members f_1 ... f_(l-1) apart.
// After all of them everybody has the mean of the row. The row's size must have small factors only.
std::size_t hypercube_rounds(std::size_t size, std::size_t k) {
  return factors_of(size, k + 1).factors.size();
}
void add_hypercube_round(Rounds& rounds, std::size_t round, const Row& row, std::size_t index) {
  const Factors found = factors_of(row.size, rounds.k() + 1);
  CHECK(found.left_over == 1 && index < found.factors.size());
  std::size_t stride = 1;
  for (std::size_t l = 0; l < index; ++l) stride *= found.factors[l];
  const std::size_t factor = found.factors[index];
  for (std::size_t i = 0; i < row.size; ++i) {
    const std::size_t place_in_group = i / stride % factor;
    for (std::size_t other = place_in_group + 1; other < factor; ++other)
      rounds.join(round, row[i], row[i + (other - place_in_group) * stride],
                  1.0 / static_cast<double>(factor));
  }
}

// Round after round from `first` up to `end`, from the start again after the last: more of them
// than needed do no harm.
void add_hypercube(Rounds& rounds, std::size_t first, std::size_t end, const Row& row) {
  const std::size_t length = hypercube_rounds(row.size, rounds.k());
  if (length == 0) return;
  for (std::size_t round = first; round < end; ++round)
    add_hypercube_round(rounds, round, row, (round - first) % length);
}

// Largest power first.
std::vector<Term> terms_of(std::size_t number, std::size_t base) {
  std::vector<Term> terms;
  std::size_t power = 1;
  for (std::size_t rest = number; rest > 0; rest /= base, power *= base)
    if (rest % base != 0) terms.push_back({rest % base, power});
  std::ranges::reverse(terms);
  return terms;
}

bool is_smooth(std::size_t number, std::size_t k) {
  return factors_of(number, k + 1).left_over == 1;
}

// Every later place takes one of the last places of each part of `block`, so that it ends with the
// mean of all: the block holds the share `block / (block + later)` of it.
void add_pull(Rounds& rounds, std::size_t round, const Row& block, const Term& term,
              const Row& later) {
  const double share = static_cast<double>(block.size) /
                       static_cast<double>(block.size + later.size) /
                       static_cast<double>(term.digit);
  for (std::size_t i = 0; i < later.size; ++i)
    for (std::size_t part = 0; part < term.digit; ++part)
      rounds.join(round, later[i], block[(part + 1) * term.power - later.size + i], share);
}

std::size_t simple_length(std::size_t count, std::size_t k) {
  if (is_smooth(count, k)) return hypercube_rounds(count, k);
  const Term largest = terms_of(count, k + 1).front();
  return hypercube_rounds(largest.value(), k) + 1 + hypercube_rounds(largest.power, k);
}

// Simple Base-(k+1): blocks as large as the digits of the count in base k + 1. Each averages itself
// (rounds before `pulls`), then they pull all smaller ones, one after another, onto the mean of the
// block and what is smaller, and spread it within themselves.
void add_simple(Rounds& rounds, const Row& row) {
  const std::size_t k = rounds.k();
  const std::size_t length = simple_length(row.size, k);
  if (is_smooth(row.size, k)) return add_hypercube(rounds, 0, length, row);

  const std::vector<Term> terms = terms_of(row.size, k + 1);
  const std::size_t pulls = hypercube_rounds(terms.front().value(), k);
  std::size_t begin = 0;
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const Term& term = terms[t];
    const Row block = row.part(begin, term.value());
    begin += term.value();
    const bool is_last = t + 1 == terms.size();
    add_hypercube(rounds, 0, pulls, block);
    if (!is_last) add_pull(rounds, pulls + t, block, term, row.part(begin, row.size - begin));
    const std::size_t spread = is_last ? pulls + t : pulls + t + 1;
    if (term.power == 1) {
      add_hypercube(rounds, spread, length, block);
      continue;
    }
    for (std::size_t part = 0; part < term.digit; ++part)
      add_hypercube(rounds, spread, length, block.part(part * term.power, term.power));
  }
}

}  // namespace

std::vector<ExchangeRound> base_k_schedule(std::size_t count, std::size_t k) {
  CHECK(count > 0 && k > 0);
  Rounds rounds(count, k);
  // Either the simple graph over all, or over each of as many rows as small factors allow, and then
  // the hypercube across the rows: whichever is shorter.
  const std::size_t row_size = factors_of(count, k + 1).left_over;
  const std::size_t row_count = count / row_size;
  const std::size_t rows_length = simple_length(row_size, k);
  if (simple_length(count, k) <= rows_length + hypercube_rounds(row_count, k)) {
    add_simple(rounds, {0, 1, count});
  } else {
    for (std::size_t r = 0; r < row_count; ++r) add_simple(rounds, {r * row_size, 1, row_size});
    for (std::size_t i = 0; i < row_size; ++i)
      add_hypercube(rounds, rows_length, rows_length + hypercube_rounds(row_count, k),
                    {i, row_size, row_count});
  }
  std::vector<ExchangeRound> schedule = rounds.take();
  for (ExchangeRound& round : schedule)
    for (auto& others : round) std::ranges::sort(others, {}, &ExchangeShare::place);
  return schedule;
}

}  // namespace gossip
