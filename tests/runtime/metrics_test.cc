#include "runtime/metrics.h"

#include <fcntl.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "tests/runtime/child_process.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_folder.h"

using runtime::Instant;
using runtime::Log;
using runtime::Metrics;

namespace {

const Instant kStart{std::chrono::seconds(1000)};

std::vector<nlohmann::ordered_json> records_of(const std::string& folder) {
  std::vector<nlohmann::ordered_json> records;
  std::istringstream lines(text_of(folder + "/metrics.jsonl"));
  for (std::string line; std::getline(lines, line);)
    records.push_back(nlohmann::ordered_json::parse(line));
  return records;
}

}  // namespace

TEST_CASE("nothing written leaves an empty file") {
  const TemporaryFolder folder;
  const Log log("p0");
  REQUIRE(Metrics::open({.folder = folder.path(), .start = kStart}, log).ok());
  REQUIRE(text_of(folder.path() + "/metrics.jsonl").empty());
}

TEST_CASE("a record is one line with its fields in the order given, at once in the file") {
  const TemporaryFolder folder;
  const Log log("p0");
  auto metrics = Metrics::open({.folder = folder.path(), .start = kStart}, log);
  REQUIRE(metrics.ok());
  const std::string path = "a/b";
  (*metrics)->write(kStart + std::chrono::milliseconds(1500), "checkpoint",
                    {{"step", 7}, {"path", path}, {"done", true}, {"bytes", 12UL}, {"age", -1L}});
  REQUIRE(text_of(folder.path() + "/metrics.jsonl") ==
          "{\"t\":1.5,\"event\":\"checkpoint\",\"step\":7,\"path\":\"a/b\",\"done\":true,"
          "\"bytes\":12,\"age\":-1}\n");
}

TEST_CASE("what is JSON already is written as it is") {
  const TemporaryFolder folder;
  const Log log("p0");
  auto metrics = Metrics::open({.folder = folder.path(), .start = kStart}, log);
  REQUIRE(metrics.ok());
  (*metrics)->write(kStart, "x", {{"edges", runtime::JsonText{"[{\"peer\":\"b\"}]"}}});
  CHECK(records_of(folder.path())[0]["edges"][0]["peer"] == "b");
}

TEST_CASE("numbers read back as the same bits") {
  const TemporaryFolder folder;
  const Log log("p0");
  auto metrics = Metrics::open({.folder = folder.path(), .start = kStart}, log);
  REQUIRE(metrics.ok());
  const std::vector<double> values{0.1,   1.0 / 3.0, 5e-324, 1.7976931348623157e308,
                                   1e100, -2.5e-7,   0.0,    123456789.123456789};
  for (const double value : values) (*metrics)->write(kStart, "x", {{"value", value}});
  const auto largest = std::numeric_limits<std::uint64_t>::max();
  (*metrics)->write(kStart, "x", {{"value", largest}});
  const auto records = records_of(folder.path());
  REQUIRE(records.size() == values.size() + 1);
  for (std::size_t i = 0; i < values.size(); ++i)
    REQUIRE(records[i]["value"].get<double>() == values[i]);
  REQUIRE(records.back()["value"].get<std::uint64_t>() == largest);
}

TEST_CASE("numbers that JSON does not have become null") {
  const TemporaryFolder folder;
  const Log log("p0");
  auto metrics = Metrics::open({.folder = folder.path(), .start = kStart}, log);
  REQUIRE(metrics.ok());
  (*metrics)->write(kStart, "x", {{"nan", std::nan("")}, {"infinite", -HUGE_VAL}});
  REQUIRE(text_of(folder.path() + "/metrics.jsonl") ==
          "{\"t\":0.0,\"event\":\"x\",\"nan\":null,\"infinite\":null}\n");
}

TEST_CASE("quotes, line ends and bytes that are no UTF-8 do not break a record") {
  const TemporaryFolder folder;
  const Log log("p0");
  auto metrics = Metrics::open({.folder = folder.path(), .start = kStart}, log);
  REQUIRE(metrics.ok());
  (*metrics)->write(kStart, "x", {{"text", "a\"b\nc\xff"}});
  const auto records = records_of(folder.path());
  REQUIRE(records.size() == 1);
  REQUIRE(records[0]["text"].get<std::string>() == "a\"b\nc\xef\xbf\xbd");
}

TEST_CASE("a folder that is missing or none is refused with its name") {
  const TemporaryFolder folder;
  const Log log("p0");
  const std::string missing = folder.path() + "/none";
  const auto refused = Metrics::open({.folder = missing, .start = kStart}, log);
  REQUIRE(refused.error().message ==
          "cannot write " + missing + "/metrics.jsonl: No such file or directory");
  { std::ofstream(folder.path() + "/file") << "x"; }
  REQUIRE_FALSE(Metrics::open({.folder = folder.path() + "/file", .start = kStart}, log).ok());
}

TEST_CASE("records go to a given descriptor as well") {
  const TemporaryFolder folder;
  const Log log("p0");
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  {
    auto metrics =
        Metrics::open({.folder = folder.path(), .start = kStart, .descriptor = ends[1]}, log);
    REQUIRE(metrics.ok());
    (*metrics)->write(kStart, "end", {});
  }
  ::close(ends[1]);
  char buffer[64];
  const ssize_t count = ::read(ends[0], buffer, sizeof buffer);
  ::close(ends[0]);
  REQUIRE(count > 0);
  REQUIRE(std::string(buffer, static_cast<std::size_t>(count)) ==
          text_of(folder.path() + "/metrics.jsonl"));
}

TEST_CASE("an output that fails is reported once, and the other keeps working") {
  const TemporaryFolder folder;
  const ChildEnd end = end_of_child([&folder] {
    const Log log("p0");
    const int full = ::open("/dev/full", O_WRONLY);
    auto metrics =
        Metrics::open({.folder = folder.path(), .start = kStart, .descriptor = full}, log);
    for (int i = 0; i < 3; ++i) (*metrics)->write(kStart, "x", {{"i", i}});
  });
  REQUIRE(end.status == 0);
  const std::string reason = "No space left on device";
  const std::size_t first = end.errors.find(reason);
  REQUIRE(first != std::string::npos);
  REQUIRE(end.errors.find(reason, first + 1) == std::string::npos);
  REQUIRE(records_of(folder.path()).size() == 3);
}

TEST_CASE("records of several threads do not mix") {
  const TemporaryFolder folder;
  const Log log("p0");
  auto metrics = Metrics::open({.folder = folder.path(), .start = kStart}, log);
  REQUIRE(metrics.ok());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&metrics, t] {
      for (int i = 0; i < 100; ++i) (*metrics)->write(kStart, "x", {{"thread", t}, {"i", i}});
    });
  for (std::thread& thread : threads) thread.join();
  REQUIRE(records_of(folder.path()).size() == 400);
}
