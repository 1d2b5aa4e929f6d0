#pragma once
// Things that are used again. Whoever drops the last reference to one gives it back, on whatever
// thread that is, so that a steady run allocates none, nor what counts the references.

#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace runtime {

// `Piece` is a unique pointer. What it points at is cleared where it says how, by clear(), before
// it is kept. Pieces may outlive the pool. Thread-safe.
template <typename Piece>
class Pool {
 public:
  using Element = typename Piece::element_type;

  // What comes back beyond `free_max` pieces was for a burst, and is released.
  explicit Pool(std::size_t free_max) : free_(std::make_shared<Free>(free_max)) {}

  // One that came back, or a new one.
  [[nodiscard]] std::shared_ptr<Element> take() {
    return take([] { return std::make_unique<Element>(); });
  }
  // One that came back, or what `make()` makes.
  template <typename Make>
  [[nodiscard]] std::shared_ptr<Element> take(const Make& make) {
    Piece piece = free_->take();
    if (!piece) piece = make();
    return {piece.release(),
            [free = free_, how = piece.get_deleter()](Element* element) {
              free->give_back(Piece(element, how));
            },
            Counts<Element>(free_)};
  }

 private:
  class Free {
   public:
    explicit Free(std::size_t max) : max_(max) {
      pieces_.reserve(max);
      counts_.reserve(max);
    }
    ~Free() {
      for (void* const count : counts_) ::operator delete(count);
    }
    Free(const Free&) = delete;
    Free& operator=(const Free&) = delete;

    [[nodiscard]] Piece take() {
      const std::scoped_lock lock(mutex_);
      if (pieces_.empty()) return nullptr;
      Piece piece = std::move(pieces_.back());
      pieces_.pop_back();
      return piece;
    }
    void give_back(Piece piece) {
      if constexpr (requires { piece->clear(); }) piece->clear();
      const std::scoped_lock lock(mutex_);
      if (pieces_.size() < max_) pieces_.push_back(std::move(piece));
    }
    [[nodiscard]] void* take_count(std::size_t bytes) {  // of one size, always
      const std::scoped_lock lock(mutex_);
      if (counts_.empty()) return ::operator new(bytes);
      void* const count = counts_.back();
      counts_.pop_back();
      return count;
    }
    void give_back_count(void* count) {
      const std::scoped_lock lock(mutex_);
      if (counts_.size() < max_)
        counts_.push_back(count);
      else
        ::operator delete(count);
    }

   private:
    std::size_t max_;
    std::mutex mutex_;
    std::vector<Piece> pieces_;
    std::vector<void*> counts_;
  };

  // Where a shared pointer keeps its count: an allocator, which keeps what is free alive.
  template <typename T>
  struct Counts {
    using value_type = T;
    explicit Counts(std::shared_ptr<Free> of) : free(std::move(of)) {}
    template <typename Other>
    Counts(const Counts<Other>& other) : free(other.free) {}  // NOLINT(google-explicit-constructor)
    [[nodiscard]] T* allocate(std::size_t count) {
      return static_cast<T*>(free->take_count(count * sizeof(T)));
    }
    void deallocate(T* memory, std::size_t /*count*/) { free->give_back_count(memory); }
    template <typename Other>
    bool operator==(const Counts<Other>& other) const {
      return free == other.free;
    }
    std::shared_ptr<Free> free;
  };

  std::shared_ptr<Free> free_;
};

}  // namespace runtime
