#include "peers/panel.h"

#include <algorithm>

#include "models/batch.h"

namespace peers {

void Panel::add(std::span<const float> parameters) {
  members_.push_back(backend_->allocate(parameters.size(), kernels::Scalar::kF32));
  backend_->upload(parameters, members_.back().view());
}

Judgement Panel::judge() {
  Judge judge;
  models::BatchStage stage(*backend_, *test_, kBatch);
  models::HostBatch host;
  for (std::size_t start = 0; start < test_->size(); start += kBatch) {
    models::read_samples(*test_, start, std::min(kBatch, test_->size() - start), host);
    predict(stage.stage(host));
    const std::size_t classes = network_->classes();
    const std::size_t row = members_.size() * classes;
    for (std::size_t i = 0; i < host.labels.size(); ++i)
      judge.add(std::span(logits_).subspan(i * row, row), classes, host.labels[i]);
  }
  return judge.judgement();
}

void Panel::predict(const models::Batch& batch) {
  const std::size_t classes = network_->classes();
  std::vector<float> of_one;
  for (std::size_t m = 0; m < members_.size(); ++m) {
    const kernels::ConstView outputs = network_->outputs(members_[m].view(), batch);
    of_one.resize(outputs.count());
    logits_.resize(outputs.count() * members_.size());
    backend_->download(outputs, std::span(of_one));
    for (std::size_t k = 0; k < of_one.size(); ++k)
      logits_[((k / classes) * members_.size() + m) * classes + k % classes] = of_one[k];
  }
}

}  // namespace peers
