@0xc80ed96cd1112e63;
# The header frame of every message. A parcel's payload is the frame after it, as its codec says
# (gossip/codec/), little-endian; f32 stands for raw numbers of the layout's type.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("gossip::wire");

struct Header {
  version @0 :UInt16;
  fingerprint @1 :UInt64;  # of the run
  sender @2 :UInt64;
  incarnation @3 :UInt64;  # of the sender

  union {
    parcel @4 :Parcel;
    acknowledgement @5 :Acknowledgement;
    heartbeat @6 :Heartbeat;
    goodbye @7 :Void;
    hello @8 :Hello;
    roster @9 :Roster;
    rejection @10 :Text;  # why
    request @11 :UInt32;  # a block
    donation @12 :Donation;
    inquiry @13 :Inquiry;
    report @14 :Report;
    view @15 :View;
  }
}

struct View {
  # Of whom the sender gossips with: gossip/membership/view_message.h
  kind @0 :Kind;
  urgent @1 :Bool;
  hops @2 :UInt8;
  about @3 :UInt64;
  peers @4 :List(UInt64);
  enum Kind {
    join @0;
    forwardJoin @1;
    neighbour @2;
    accept @3;
    refuse @4;
    here @5;
    disconnect @6;
    shuffle @7;
    shuffled @8;
  }
}

struct Contact {
  id @0 :UInt64;
  incarnation @1 :UInt64;
  name @2 :Text;
  control @3 :Text;  # where to dial
  bulk @4 :Text;
  key @5 :Text;  # public CURVE key; empty: none
}

struct Hello {
  self @0 :Contact;
  terms @1 :Text;
  ready @2 :Bool;
  beginsAt @3 :UInt64;  # a step, and one more; 0: none
}

struct Roster {
  contacts @0 :List(Contact);
  progress @1 :Heartbeat;
}

struct Donation {
  # The donor's estimate of one block is the payload.
  block @0 :UInt32;
  checksum @1 :UInt64;
}

struct Parcel {
  # share * (weight * z, weight) of one block; the estimate z is the payload.
  # A difference: share * (d, weight). A step: share * (s, 0).
  round @0 :UInt64;
  block @1 :UInt32;
  sequence @2 :UInt64;
  share @3 :Float64;
  weight @4 :Float64;
  checksum @5 :UInt64;  # XXH3, 64 bits, of the payload
  codec @6 :Codec;
  recipient @7 :UInt64;  # incarnation of the receiver that it is meant for; 0: not known
  kind @8 :Kind;
  era @9 :UInt64;  # of companions: how many deaths the sender knew of
  notes @10 :List(Note);
  enum Kind {
    mass @0;
    difference @1;
    step @2;  # weight 0
    request @3;  # mass that asks for as much in return
  }
}

struct Note {
  topic @0 :UInt8;
  about @1 :UInt64;
  version @2 :UInt64;
  numbers @3 :List(Float64);
  sketch @4 :List(Float32);
}

enum Codec {
  f32 @0;
  bf16 @1;
  f16 @2;
  int8 @3;
  int4 @4;
  topk @5;
  randomk @6;
  sign @7;
}

struct Acknowledgement {
  incarnation @0 :UInt64;  # of the peer whose parcels have arrived
  sequences @1 :List(UInt64);
  sketch @2 :List(Float32);  # of the mass that the sender of this pushed last; empty: none said
  unfolded @3 :Bool;  # they have arrived and are the receiver's, whose trainer has not come by yet
}

struct Heartbeat {
  phase @0 :Phase;
  step @1 :UInt64;
  stepSeconds @2 :Float64;
  round @3 :UInt64;
  roster @4 :UInt64;  # hash of the members that the sender believes alive
  probe @5 :Probe;
  rumours @6 :List(Rumour);
}

struct Probe {
  kind @0 :Kind;
  number @1 :UInt64;  # of who asked; answers repeat it
  about @2 :UInt64;
  phase @3 :Phase;  # of who is answered for, as the sender knows it
  round @4 :UInt32;  # the same; that or more
  enum Kind {
    none @0;
    probe @1;
    answer @2;
    relay @3;
    unreachable @4;
  }
}

struct Rumour {
  about @0 :UInt64;
  incarnation @1 :UInt64;
  refutation @2 :UInt64;
  state @3 :State;
  from @4 :UInt64;
  enum State {
    alive @0;
    suspect @1;
    dead @2;
    left @3;
  }
}

struct Inquiry {
  kind @0 :Kind;
  enum Kind {
    status @0;
    leave @1;
  }
}

struct Report {
  self @0 :Contact;
  terms @1 :Text;
  progress @2 :Heartbeat;
  steps @3 :UInt64;
  epoch @4 :Float64;
  loss @5 :Float64;
  learningRate @6 :Float64;
  samplesPerSecond @7 :Float64;
  weight @8 :Float64;
  weightInFlight @9 :Float64;
  blockedSeconds @10 :Float64;
  ageRoundsP50 @11 :Float64;
  ageRoundsP99 @12 :Float64;
  parcelsSkipped @13 :UInt64;
  messagesRefused @14 :UInt64;
  leaving @15 :Bool;
  membersLiving @16 :UInt64;
  membersKnown @17 :UInt64;
  members @18 :List(MemberReport);
  standing @19 :Standing;
  batch @20 :UInt64;
  noise @21 :List(NoiseReport);
  parcelsClipped @22 :UInt64;
  precision @23 :Text;
}

struct NoiseReport {
  group @0 :Text;
  local @1 :Float64;
  global @2 :Float64;
}

struct MemberReport {
  id @0 :UInt64;
  incarnation @1 :UInt64;
  name @2 :Text;
  state @3 :Rumour.State;
  progress @4 :Heartbeat;
  silentSeconds @5 :Float64;
  bytesSentPerSecond @6 :Float64;
  bytesReceivedPerSecond @7 :Float64;
  parcelsInFlight @8 :UInt64;
  ageRoundsP50 @9 :Float64;
  ageRoundsP99 @10 :Float64;
  roundTripSecondsP50 @11 :Float64;
  roundTripSecondsP99 @12 :Float64;
  refused @13 :UInt64;
  frozen @14 :Bool;
  clipped @15 :UInt64;
}

enum Standing {
  fine @0;
  starved @1;
  partitioned @2;
  alone @3;
  diverged @4;
}

enum Phase {
  training @0;
  mixing @1;
  settling @2;
  draining @3;
  drained @4;
}
