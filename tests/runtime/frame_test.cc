#include "runtime/frame.h"

#include <memory>
#include <vector>

#include "tests/support/catch.h"

using runtime::Frame;

TEST_CASE("an empty frame has no bytes") {
  REQUIRE(Frame().size() == 0);
  REQUIRE(Frame::of({}).size() == 0);
}

TEST_CASE("a frame shows the bytes that it was made of, without copying them") {
  std::vector<std::byte> bytes{std::byte{1}, std::byte{2}, std::byte{3}};
  const std::byte* where = bytes.data();
  const Frame frame = Frame::of(std::move(bytes));
  REQUIRE(frame.size() == 3);
  REQUIRE(frame.bytes().data() == where);
  REQUIRE(frame.bytes()[2] == std::byte{3});
}

TEST_CASE("the last reference to a frame frees its owner") {
  auto owner = std::make_shared<std::vector<std::byte>>(100);
  const std::weak_ptr<std::vector<std::byte>> watch = owner;
  Frame slice;
  {
    const Frame frame(owner, *owner);
    owner.reset();
    slice = frame.slice(10, 5);
    REQUIRE(slice.bytes().data() == frame.bytes().data() + 10);
  }
  REQUIRE(slice.size() == 5);
  REQUIRE_FALSE(watch.expired());
  slice = Frame();
  REQUIRE(watch.expired());
}
