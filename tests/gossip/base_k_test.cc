#include <map>

#include "tests/support/mixing_matrix.h"

#include "gossip/topology/base_k_schedule.h"
#include "tests/support/catch.h"

using test::Matrix;

namespace {

Matrix matrix_of(const gossip::ExchangeRound& round) {
  Matrix matrix = test::identity(round.size());
  for (std::size_t i = 0; i < round.size(); ++i) {
    for (const gossip::ExchangeShare& other : round[i]) {
      matrix[other.place][i] += other.share;
      matrix[i][i] -= other.share;
    }
  }
  return matrix;
}

std::size_t rounds(std::size_t count, std::size_t k) {
  return gossip::base_k_schedule(count, k).size();
}

}  // namespace

TEST_CASE("base-k: one place needs no round, two need one") {
  CHECK(rounds(1, 1) == 0);
  CHECK(matrix_of(gossip::base_k_schedule(2, 1).at(0)) == Matrix{{0.5, 0.5}, {0.5, 0.5}});
}

TEST_CASE("base-k: exact for every N up to 64 and k up to 4, by exchanges with at most k others") {
  for (std::size_t k = 1; k <= 4; ++k) {
    for (std::size_t count = 2; count <= 64; ++count) {
      CAPTURE(k, count);
      Matrix product = test::identity(count);
      for (const gossip::ExchangeRound& round : gossip::base_k_schedule(count, k)) {
        const Matrix matrix = matrix_of(round);
        CHECK(test::is_symmetric(matrix));
        CHECK(test::row_sum_error(matrix) < 1e-15 * 64);
        for (std::size_t i = 0; i < count; ++i) {
          CHECK(round[i].size() <= k);
          CHECK(matrix[i][i] > 0.0);
        }
        product = test::product(matrix, product);
      }
      CHECK(test::distance_from_average(product) < 1e-12);
    }
  }
}

TEST_CASE("base-k: as many rounds as published") {
  using Lengths = std::map<std::size_t, std::size_t>;
  const std::map<std::size_t, Lengths> published{
      {1, {{3, 3}, {5, 5}, {6, 4}, {7, 5}, {9, 7}, {10, 6}, {12, 5}, {16, 4}, {25, 9}, {33, 11}}},
      {2, {{5, 3}, {6, 2}, {7, 4}, {10, 4}, {16, 4}, {25, 6}, {33, 6}}},
      {3, {{5, 3}, {8, 2}, {10, 4}, {16, 2}, {25, 5}, {33, 5}}}};
  for (const auto& [k, lengths] : published) {
    for (const auto& [count, length] : lengths) {
      CAPTURE(k, count);
      CHECK(rounds(count, k) == length);
    }
  }
}

TEST_CASE("base-k: the third round of five peers pulls the last onto the mean of the block") {
  const Matrix third = matrix_of(gossip::base_k_schedule(5, 1).at(2));
  CHECK(third[3][4] == Approx(0.8));
  CHECK(third[4][3] == Approx(0.8));
  CHECK(third[3][3] == Approx(0.2));
  CHECK(third[4][4] == Approx(0.2));
}

TEST_CASE("base-k: one round of a complete graph where k reaches everybody") {
  CHECK(rounds(7, 6) == 1);
  CHECK(rounds(7, 1000) == 1);
  CHECK(test::distance_from_average(matrix_of(gossip::base_k_schedule(7, 6)[0])) < 1e-15);
}

TEST_CASE("base-k: the topology takes the rounds in turn, with their shares, whoever the members") {
  const test::MixingMatrices matrices({.name = "base-k", .fanout = 2});
  const std::vector<runtime::PeerId> members{runtime::PeerId{3}, runtime::PeerId{4},
                                             runtime::PeerId{11}, runtime::PeerId{20},
                                             runtime::PeerId{21}};
  const auto schedule = gossip::base_k_schedule(5, 2);
  for (std::uint64_t round = 0; round < 3 * schedule.size(); ++round) {
    const Matrix expected = matrix_of(schedule[round % schedule.size()]);
    const Matrix found = matrices.at(round, members);
    for (std::size_t i = 0; i < 5; ++i)
      for (std::size_t j = 0; j < 5; ++j)
        CHECK(found[i][j] == Approx(expected[i][j]).margin(1e-15));
  }
}
