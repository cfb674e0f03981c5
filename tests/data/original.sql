-- The tables as the users of the original have them: its own two, and two of its sign-in library.

CREATE TABLE "user" (
  id VARCHAR(255) PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  email VARCHAR(255) NOT NULL,
  "emailVerified" BOOLEAN NOT NULL,
  image TEXT,
  "createdAt" TIMESTAMP NOT NULL,
  "updatedAt" TIMESTAMP NOT NULL,
  role VARCHAR(255)
);

CREATE TABLE session (
  id VARCHAR(255) PRIMARY KEY,
  "userId" VARCHAR(255) NOT NULL,
  token VARCHAR(255) NOT NULL,
  FOREIGN KEY ("userId") REFERENCES "user"(id) ON DELETE CASCADE
);

CREATE TABLE booking_service (
  id VARCHAR(255) PRIMARY KEY,
  name VARCHAR(255) NOT NULL,
  description TEXT,
  type VARCHAR(50) DEFAULT 'appointment',
  duration INTEGER NOT NULL,
  price INTEGER NOT NULL,
  currency VARCHAR(3) DEFAULT 'USD',
  max_participants INTEGER,
  min_participants INTEGER,
  category VARCHAR(100),
  booking_window TEXT,
  cancellation_policy TEXT,
  recurring TEXT,
  available_slots TEXT,
  special_availability TEXT,
  required_resources TEXT,
  required_staff TEXT,
  location TEXT,
  pricing_tiers TEXT,
  custom_fields TEXT,
  is_active BOOLEAN DEFAULT TRUE,
  metadata TEXT,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE booking (
  id VARCHAR(255) PRIMARY KEY,
  service_id VARCHAR(255) NOT NULL,
  user_id VARCHAR(255) NOT NULL,
  parent_booking_id VARCHAR(255),
  start_date TIMESTAMP NOT NULL,
  end_date TIMESTAMP NOT NULL,
  status VARCHAR(50) DEFAULT 'pending',
  participants INTEGER DEFAULT 1,
  participant_details TEXT,
  total_price INTEGER NOT NULL,
  currency VARCHAR(3) DEFAULT 'USD',
  discounts TEXT,
  payment_status VARCHAR(50),
  payment_method VARCHAR(100),
  payment_transaction_id VARCHAR(255),
  stripe_payment_intent_id VARCHAR(255),
  stripe_customer_id VARCHAR(255),
  stripe_checkout_session_id VARCHAR(255),
  notes TEXT,
  contact_email VARCHAR(255),
  contact_phone VARCHAR(50),
  reference_id VARCHAR(255),
  assigned_resources TEXT,
  assigned_staff TEXT,
  check_in TIMESTAMP NULL,
  check_out TIMESTAMP NULL,
  custom_field_values TEXT,
  recurring_config TEXT,
  waitlist_info TEXT,
  source VARCHAR(50),
  internal_notes TEXT,
  metadata TEXT,
  created_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
  FOREIGN KEY (service_id) REFERENCES booking_service(id),
  FOREIGN KEY (user_id) REFERENCES "user"(id),
  FOREIGN KEY (parent_booking_id) REFERENCES booking(id)
);

CREATE INDEX idx_booking_service_id ON booking(service_id);
CREATE INDEX idx_booking_user_id ON booking(user_id);
CREATE INDEX idx_booking_start_date ON booking(start_date);
CREATE INDEX idx_booking_status ON booking(status);
CREATE INDEX idx_booking_payment_status ON booking(payment_status);
CREATE INDEX idx_booking_stripe_payment_intent ON booking(stripe_payment_intent_id);
